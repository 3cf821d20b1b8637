#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py with the builder run by an ordinary user: rootless.py USER [arguments of run.py]

The runner stays root, since some contexts hold foreign owners; what it made belongs to the user by the time of the build,
but for owners that the case asks for."""
import os
import pwd
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run  # noqa: E402


class Rootless(run.Generic):
    """The command line of docker-buildx, typed by somebody else."""
    user = None

    def build(self, j):
        for path, names, files in os.walk(os.fsencode(j.work)):
            for name in names + files + [b""]:
                self.hand_over(os.path.join(path, name) if name else path)
        return super().build(j)

    def hand_over(self, path):
        st = os.lstat(path)
        if st.st_uid == 0:
            os.lchown(path, self.user.pw_uid, self.user.pw_gid)
            if st.st_mode & 0o6000 and not os.path.islink(path):  # which a change of owner clears
                os.chmod(path, st.st_mode & 0o7777)

    def sh(self, argv, job=None, env=None, timeout=run.CASE_TIMEOUT):
        e = dict(os.environ, HOME=self.user.pw_dir, USER=self.user.pw_name, **(env or {}))
        if job:
            e.update(job.args.get("env", {}))
        try:
            p = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=e,
                               timeout=timeout, cwd=job.work if job else None, user=self.user.pw_uid, group=self.user.pw_gid,
                               extra_groups=[])
            return p.returncode, p.stdout.decode("utf-8", "replace")
        except subprocess.TimeoutExpired as x:
            return 124, (x.stdout or b"").decode("utf-8", "replace") + "\n[timed out]\n"
        except OSError as x:
            return 127, str(x)


if __name__ == "__main__":
    Rootless.user = pwd.getpwnam(sys.argv.pop(1))
    run.ADAPTERS["rootless"] = Rootless
    sys.argv[1:1] = ["--adapter", "rootless"]
    sys.exit(run.main())
