import os
print(open("pinned.txt").read().split("\n"), os.getuid(), os.path.isdir("__pycache__"), os.stat("app.py").st_uid)
