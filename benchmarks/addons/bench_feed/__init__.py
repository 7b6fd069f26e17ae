from . import bench_projection
