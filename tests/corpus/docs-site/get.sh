# get PATH: from a server that is started for it, in bash alone.
nginx
exec 3<>/dev/tcp/127.0.0.1/8081
printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$1" >&3
cat <&3
