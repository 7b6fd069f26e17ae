from . import bench_rental_snapshot
from . import bench_rental_handler
