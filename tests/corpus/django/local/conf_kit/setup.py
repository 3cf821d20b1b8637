from setuptools import setup

setup(name="conf-kit", version="1.2", py_modules=["conf_kit"])
