"""python -m upright.judges.training NAME DATA OUT"""

import sys
from pathlib import Path

from upright.judges.training.recipe import train

if __name__ == "__main__":
    name, data, out = sys.argv[1:]
    sys.stdout.write(f"{train(name, Path(data), Path(out))}  {name}.safetensors\n")
