from . import bench_seats
