#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Bills of materials of images made of real packages.
. "$(dirname "$0")/lib.bash"

# debs: two small packages in ./debs, one depending on the other.
make_debs() {
        mkdir -p debs
        local name
        for name in libgreet1 greet; do
                mkdir -p "$name/DEBIAN" "$name/usr/share/doc/$name" "$name/usr/lib/$name"
                echo "data of $name" >"$name/usr/lib/$name/data"
                cp -L /bin/busybox "$name/usr/lib/$name/program"
                cat >"$name/usr/share/doc/$name/copyright" <<'C'
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2024 Someone
License: GPL-2+ or Expat
C
                (cd "$name" && find usr -type f -exec md5sum {} + >DEBIAN/md5sums)
                printf 'Package: %s\nVersion: 1:1.0+b1-2\nArchitecture: amd64\nMaintainer: A Team <team@example.org>\n' "$name" >"$name/DEBIAN/control"
                [ "$name" = libgreet1 ] && echo 'Source: greet (1:1.0-2)' >>"$name/DEBIAN/control"
                [ "$name" = greet ] && echo 'Depends: libgreet1 (>= 1)' >>"$name/DEBIAN/control"
                printf 'Description: %s for tests\n' "$name" >>"$name/DEBIAN/control"
                dpkg-deb --root-owner-group -b "$name" debs/ >/dev/null || fail dpkg-deb
        done
}

# status_d ROOT: as distroless images record their packages.
status_d() {
        local deb name
        mkdir -p "$1/var/lib/dpkg/status.d" "$1/usr/lib"
        for deb in debs/*.deb; do
                name=$(dpkg-deb -f "$deb" Package)
                dpkg-deb -x "$deb" "$1"
                dpkg-deb -f "$deb" >"$1/var/lib/dpkg/status.d/$name"
                dpkg-deb --ctrl-tarfile "$deb" | tar -xO ./md5sums >"$1/var/lib/dpkg/status.d/$name.md5sums"
        done
        printf 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Distroless"\n' >"$1/usr/lib/os-release"
}

make_image() {
        make_debs
        status_d c/root
        cat >c/Dockerfile <<'D'
FROM scratch
COPY root /
COPY busybox /opt/
RUN --network=none ["/opt/busybox", "rm", "/usr/lib/greet/data"]
D
        cp -L /bin/busybox c/busybox
        SOURCE_DATE_EPOCH=1700000000 decant build -q -t app c >/dev/null || fail build
}

test_spdx() {
        make_image
        decant sbom app --format spdx-json -o a.json || fail sbom
        decant sbom app --format spdx-json >b.json || fail sbom
        cmp a.json b.json || fail "two documents differ"
        python3 - <<'P' || fail "SPDX"
import json, re
d = json.load(open("a.json"))
assert (d["spdxVersion"], d["dataLicense"], d["SPDXID"]) == ("SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT"), d
assert d["name"] == "app:latest" and d["documentNamespace"].startswith("https://"), d
assert d["creationInfo"]["created"] == "2023-11-14T22:13:20Z" and d["creationInfo"]["creators"][0].startswith("Tool: decant-")
elements = {e["SPDXID"]: e for e in d["packages"] + d["files"]}
assert len(elements) == len(d["packages"]) + len(d["files"]), "ids are not unique"
assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", i) for i in elements)
for p in d["packages"]:
    assert p["downloadLocation"] == "NOASSERTION" and p["filesAnalyzed"] is False, p
names = {p["name"]: p for p in d["packages"]}
lib = names["libgreet1"]
assert lib["sourceInfo"] == "built package from: greet 1:1.0-2", lib
assert lib["supplier"] == "Organization: A Team (team@example.org)", lib
assert lib["licenseDeclared"] == "GPL-2.0-or-later OR MIT" and lib["copyrightText"] == "2024 Someone", lib
assert lib["externalRefs"] == [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator":
    "pkg:deb/debian/libgreet1@1%3A1.0%2Bb1-2?arch=amd64&distro=debian-12&upstream=greet%401%3A1.0-2"}], lib
assert "2 of its 3 files" in names["greet"]["comment"], names["greet"]
relations = {(r["spdxElementId"], r["relationshipType"], r["relatedSpdxElement"]) for r in d["relationships"]}
image, system = "SPDXRef-ContainerImage", "SPDXRef-OperatingSystem-debian"
assert ("SPDXRef-DOCUMENT", "DESCRIBES", image) in relations and (image, "CONTAINS", system) in relations
assert (system, "CONTAINS", lib["SPDXID"]) in relations
assert (names["greet"]["SPDXID"], "DEPENDS_ON", lib["SPDXID"]) in relations
assert all(a in elements or a == d["SPDXID"] for a, _, _ in relations) and all(b in elements for _, _, b in relations)
stray = d["files"][0]
assert stray["fileName"] == "/opt/busybox" and "COPY busybox" in stray["comment"], stray
import hashlib
body = open("c/busybox", "rb").read()
assert {c["algorithm"]: c["checksumValue"] for c in stray["checksums"]} == {
    "SHA1": hashlib.sha1(body).hexdigest(), "SHA256": hashlib.sha256(body).hexdigest()}
P
}

test_cyclonedx() {
        make_image
        decant sbom --format=cyclonedx-json --output=a.json app || fail sbom
        SOURCE_DATE_EPOCH=1 decant sbom --format=cyclonedx-json app >b.json || fail sbom
        python3 - <<'P' || fail "CycloneDX"
import json, re
d, later = json.load(open("a.json")), json.load(open("b.json"))
assert (d["bomFormat"], d["specVersion"], d["version"]) == ("CycloneDX", "1.6", 1)
assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", d["serialNumber"])
assert d["metadata"]["timestamp"] == "2023-11-14T22:13:20Z" and later["metadata"]["timestamp"] == "1970-01-01T00:00:01Z"
assert d["serialNumber"] != later["serialNumber"]
image = d["metadata"]["component"]
assert image["type"] == "container" and image["name"] == "app:latest" and image["version"].startswith("sha256:")
assert not any("components" in c for c in d["components"]), "not flat"
refs = [c["bom-ref"] for c in d["components"]] + [image["bom-ref"]]
assert len(set(refs)) == len(refs)
systems = [c for c in d["components"] if c["type"] == "operating-system"]
assert [(s["name"], s["version"]) for s in systems] == [("debian", "12")]
lib = next(c for c in d["components"] if c["name"] == "libgreet1")
assert lib["type"] == "library" and lib["bom-ref"] == lib["purl"] and lib["licenses"] == [{"expression": "GPL-2.0-or-later OR MIT"}]
properties = {p["name"]: p["value"] for p in lib["properties"]}
for name, value in {"SrcName": "greet", "SrcVersion": "1.0", "SrcRelease": "2", "SrcEpoch": "1"}.items():
    assert properties["aquasecurity:trivy:" + name] == value, properties
assert properties["syft:package:type"] == "deb" and properties["decant:layer"].startswith("sha256:")
needs = {n["ref"]: n["dependsOn"] for n in d["dependencies"]}
assert set(needs) == {r for r in refs if not r.startswith("file:")}
greet = next(c for c in d["components"] if c["name"] == "greet")
assert needs[greet["bom-ref"]] == [lib["bom-ref"]] and lib["bom-ref"] in needs["os"] and "os" in needs["image"]
assert [c["name"] for c in d["components"] if c["type"] == "file"] == ["/opt/busybox"]
P
}

# The same packages by dpkg itself.
test_list_equals_dpkg_query() {
        [ "$(id -u)" = 0 ] || return 0 # dpkg gives the files to root
        make_debs
        mkdir -p c/root/usr/bin
        dpkg --root="$PWD/c/root" --force-not-root --force-script-chrootless --force-architecture --log=/dev/null -i debs/*.deb >dpkg.log 2>&1 ||
                fail "$(cat dpkg.log)"
        dpkg --root="$PWD/c/root" --force-not-root --force-architecture --log=/dev/null -r greet >dpkg.log 2>&1 || fail "$(cat dpkg.log)"
        printf 'FROM scratch\nCOPY root /\n' >c/Dockerfile
        decant build -q -t app c >/dev/null || fail build
        decant sbom app --format json | jq -r '.packages[] | "\(.name) \(.version) \(.architecture)"' >ours
        dpkg-query --admindir="$PWD/c/root/var/lib/dpkg" -W -f '${Package} ${Version} ${Architecture}\n' >dpkg
        diff dpkg ours || fail "not what dpkg-query lists"
        grep -q libgreet1 ours || fail "no package at all"
}

test_table_archives_and_errors() {
        make_image
        decant sbom app >table || fail sbom
        grep -qE '^libgreet1 +1:1\.0\+b1-2 +deb +GPL-2\.0-or-later OR MIT$' table || fail "$(cat table)"
        grep -qx '  /opt/busybox' table || fail "$(cat table)"
        decant save -o image.tar app && decant save --format oci-dir -o layout app || fail save
        for file in image.tar ./layout; do
                decant sbom "$file" >other || fail "$file"
                cmp table other || fail "$file: another list"
        done
        expect_fail 2 "spdx-json" -- decant sbom app --format spdx
        expect_fail 5 "No such image: no-such-image" -- decant sbom no-such-image
        expect_fail 6 "Dockerfile" -- decant sbom c/Dockerfile
        echo 'Package: broken' >c/root/var/lib/dpkg/status.d/broken
        decant build -q -t app c >/dev/null || fail build
        decant sbom app >table 2>warnings || fail "a damaged record must not hide the others"
        grep -q 'status.d/broken:1' warnings || fail "$(cat warnings)"
        grep -q '^libgreet1' table || fail "$(cat table)"
}

run_tests
