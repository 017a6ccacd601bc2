"""rio-tiler's info, statistics and preview of each s3 URL that comes on stdin: a JSON line with its CPU seconds."""

import json
import sys
import time

from rio_tiler.io import Reader

for line in sys.stdin:
    begun = time.process_time()
    with Reader(line.strip()) as raster:
        raster.info()
        raster.statistics()
        shown = (1, 2, 3) if raster.dataset.count >= 3 else (1,)
        picture = raster.preview(max_size=512, indexes=shown)
        picture.rescale(in_range=[(float(band.min()), float(band.max())) for band in picture.array])
        picture.render(img_format="PNG")
    print(json.dumps(time.process_time() - begun), flush=True)
