#!/usr/bin/env bash
# The simulator and an S3 server listen on this container's own loopback address; other containers reach them through
# TLS, with a certificate that is made now and that they trust. Ends, with an error, when any of the three ends.
set -euo pipefail

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=simulated-world -addext subjectAltName=DNS:simulated-world \
  -keyout /tmp/key.pem -out /tmp/certificate.pem 2>/dev/null
cp /tmp/certificate.pem /run/world/certificate.pem

coin-pipelines simulator --port 8099 &
moto_server --host 127.0.0.1 --port 8098 2>/dev/null &
python /opt/world/tls_door.py /tmp/certificate.pem /tmp/key.pem 8443=8099 8444=8098 &
wait -n
exit 1
