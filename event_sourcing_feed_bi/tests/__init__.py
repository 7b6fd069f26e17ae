from . import test_feed_bi
