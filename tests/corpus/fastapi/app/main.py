import os
import sys


def greet(name):
    return "hello " + name


def main():
    open("/var/lib/fastapi/data/x", "w").close()
    inside = os.listdir(os.path.dirname(__file__))
    print(greet(sys.argv[1]), os.getuid(), sys.prefix, "test_main.py" in inside, os.environ.get("INDEX_TOKEN"))
