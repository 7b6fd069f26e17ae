from . import event_asyncapi
