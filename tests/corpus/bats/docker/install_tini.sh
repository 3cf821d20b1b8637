#!/bin/sh
set -e
printf '#!/bin/sh\nshift\nexec "$@"\n' >/tini
chmod +x /tini
echo "$1" >/tini.platform
