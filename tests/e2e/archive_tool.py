#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes, changes and checks archives for archives.sh, with nothing but Python's tarfile."""
import hashlib
import io
import json
import os
import re
import stat
import sys
import tarfile
import time

LONG_NAME = "long/" + "n" * 120 + "/" + "m" * 130


def rootfs(busybox, path):
    """A root file system with what tars can hold."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        def add(name, kind=tarfile.REGTYPE, data=b"", mode=0o644, link="", uid=0, gid=0):
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.linkname, info.uid, info.gid = kind, mode, link, uid, gid
            info.size, info.mtime = len(data), 1500000000
            tar.addfile(info, io.BytesIO(data))

        for name in ("./", "./bin", "./etc", "./proc", "./dev", "./sys", "./opaque", "./long", "./owned"):
            add(name, tarfile.DIRTYPE, mode=0o755)
        add("./tmp", tarfile.DIRTYPE, mode=0o1777)
        with open(busybox, "rb") as f:
            add("./bin/busybox", data=f.read(), mode=0o755)
        for name in ("sh", "ls", "cat", "rm", "mkdir", "ln", "echo"):
            add("./bin/" + name, tarfile.SYMTYPE, link="busybox", mode=0o777)
        add("./etc/passwd", data=b"root:x:0:0:root:/:/bin/sh\n")
        add("./etc/group", data=b"root:x:0:\n")
        add("./gone", data=b"to be removed\n")
        add("./opaque/old", data=b"to be hidden\n")
        add("./owned/file", data=b"owned\n", mode=0o4751, uid=1234, gid=4000000)
        add("./owned/hard", tarfile.LNKTYPE, link="./owned/file", mode=0o4751, uid=1234, gid=4000000)
        add("./" + LONG_NAME, data=b"long\n")
        add("./unicode-\u00e4\u4e2d", data=b"unicode\n")


def expect_tree(root, owners=True):
    """What the Dockerfile of archives.sh makes of it."""
    def content(name):
        with open(os.path.join(root, name), "rb") as f:
            return f.read()

    assert content("data/deep/file") == b"content\n"
    assert not os.path.lexists(os.path.join(root, "gone")), "/gone is there"
    assert os.listdir(os.path.join(root, "opaque")) == ["new"], os.listdir(os.path.join(root, "opaque"))
    assert content(LONG_NAME) == b"long\n"
    assert content("unicode-\u00e4\u4e2d") == b"unicode\n"
    assert os.readlink(os.path.join(root, "bin/sh")) == "busybox"
    assert content("bin/linked") == content("bin/busybox")
    assert not [n for n in os.listdir(root) if n.startswith(".wh.")]
    a, b = os.stat(os.path.join(root, "owned/file")), os.stat(os.path.join(root, "owned/hard"))
    assert a.st_ino == b.st_ino, "the hard link became a copy"
    assert stat.S_IMODE(os.stat(os.path.join(root, "tmp")).st_mode) == 0o1777
    if owners:
        assert (a.st_uid, a.st_gid) == (1234, 4000000), (a.st_uid, a.st_gid)
        assert stat.S_IMODE(a.st_mode) == 0o4751, oct(a.st_mode)
        f = os.stat(os.path.join(root, "data/deep/file"))
        assert (f.st_uid, f.st_gid, stat.S_IMODE(f.st_mode)) == (1234, 5678, 0o640)


def load(path):
    members = {}
    with tarfile.open(path) as tar:
        for info in tar:
            assert info.mtime == 0 and info.uid == 0 and info.gid == 0, f"header of {info.name}"
            assert not info.uname and not info.gname, f"owner's name of {info.name}"
            assert info.mode == (0o755 if info.isdir() else 0o644), f"mode of {info.name}"
            assert info.isdir() or info.isreg(), f"type of {info.name}"
            assert info.name not in members, f"{info.name} comes twice"
            members[info.name] = tar.extractfile(info).read() if info.isreg() else None
    for name, data in members.items():
        if re.fullmatch("blobs/sha256/[0-9a-f]{64}", name):
            assert hashlib.sha256(data).hexdigest() == name[-64:], f"digest of {name}"
    return members


def plain(data, media_type):
    if media_type.endswith("gzip"):
        import gzip
        return gzip.decompress(data)
    if media_type.endswith("zstd"):
        import subprocess
        return subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def verify_oci(path):
    members = load(path)
    assert json.loads(members["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads(members["index.json"])
    assert index["schemaVersion"] == 2 and index["manifests"]

    def blob(descriptor):
        data = members["blobs/sha256/" + descriptor["digest"].removeprefix("sha256:")]
        assert len(data) == descriptor["size"], descriptor
        return data

    reached = set()
    for entry in index["manifests"]:
        manifest = json.loads(blob(entry))
        config = json.loads(blob(manifest["config"]))
        diff_ids = config["rootfs"]["diff_ids"]
        assert len(diff_ids) == len(manifest["layers"])
        for layer, diff_id in zip(manifest["layers"], diff_ids):
            data = plain(blob(layer), layer["mediaType"])
            assert "sha256:" + hashlib.sha256(data).hexdigest() == diff_id
            tarfile.open(fileobj=io.BytesIO(data)).getnames()
        for d in [entry, manifest["config"]] + manifest["layers"]:
            reached.add("blobs/sha256/" + d["digest"].removeprefix("sha256:"))
    blobs = {n for n in members if re.match("blobs/sha256/.", n)}
    assert blobs == reached, f"unused blobs {blobs - reached}"
    return members, index


def verify(path, *names):
    """The form of `save`: both worlds in one file."""
    members, index = verify_oci(path)
    full = [e["annotations"]["io.containerd.image.name"] for e in index["manifests"]]
    refs = [e["annotations"]["org.opencontainers.image.ref.name"] for e in index["manifests"]]
    wanted = [n if "/" in n else "docker.io/library/" + n for n in names]
    assert full == wanted, full
    assert refs == [n.rsplit(":", 1)[1] for n in names], refs
    tags, repositories = [], json.loads(members["repositories"])
    for image in json.loads(members["manifest.json"]):
        assert image["Config"] in members
        assert all(layer in members for layer in image["Layers"])
        tags += image["RepoTags"]
    assert tags == list(names), tags
    for name in names:
        repository, tag = name.rsplit(":", 1)
        assert re.fullmatch("[0-9a-f]{64}", repositories[repository][tag])


def legacy(source, path):
    """The form of dockers before 25: a directory a layer, one of them a link to another's tar."""
    members = load(source)
    image = json.loads(members["manifest.json"])[0]
    with tarfile.open(path, "w") as tar:
        def add(name, data=None, link=None):
            info = tarfile.TarInfo(name)
            info.mtime = int(time.time())
            if link:
                info.type, info.linkname = tarfile.SYMTYPE, link
            elif data is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
            else:
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data or b""))

        layers = []
        for i, layer in enumerate(image["Layers"]):
            directory = hashlib.sha256(str(i).encode()).hexdigest()
            add(directory)
            add(directory + "/VERSION", b"1.0")
            add(directory + "/json", b"{}")
            if i == 0:
                add("elsewhere")
                add("elsewhere/layer.tar", members[layer])
                add(directory + "/layer.tar", link="../elsewhere/layer.tar")
            else:
                add(directory + "/layer.tar", members[layer])
            layers.append(directory + "/layer.tar")
        config = members[image["Config"]]
        name = hashlib.sha256(config).hexdigest() + ".json"
        add(name, config)
        add("manifest.json", json.dumps([{"Config": name, "RepoTags": image["RepoTags"], "Layers": layers}]).encode())


def flip(source, path):
    """One byte of the largest layer is another one."""
    with open(source, "rb") as f:
        data = bytearray(f.read())
    with tarfile.open(source) as tar:
        biggest = max(tar, key=lambda info: info.size)
    data[biggest.offset_data + biggest.size // 2] ^= 1
    with open(path, "wb") as f:
        f.write(data)


def bundle(path):
    """Let a runtime bundle of umoci run without a terminal and without cgroups."""
    with open(path) as f:
        config = json.load(f)
    config["process"]["terminal"] = False
    config["linux"].pop("resources", None)
    config["mounts"] = [m for m in config.get("mounts", []) if m.get("type") != "cgroup"]
    config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] != "cgroup"]
    with open(path, "w") as f:
        json.dump(config, f)


def main():
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "expect-tree":
        expect_tree(arguments[0], owners="--no-owners" not in arguments)
    else:
        {"rootfs": rootfs, "verify": verify, "verify-oci": verify_oci, "legacy": legacy, "flip": flip,
         "bundle": bundle}[command](*arguments)


if __name__ == "__main__":
    main()
