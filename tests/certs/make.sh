#!/bin/sh
# Makes every certificate and key of this folder anew. Needs openssl 3.0 or later. See README.md.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Only `openssl ca` lets every version of openssl set the dates.
cat > "$tmp/ca.cnf" <<END
[ca]
default_ca = test
[test]
database = $tmp/index
new_certs_dir = $tmp
default_md = sha256
policy = anything
rand_serial = yes
unique_subject = no
[anything]
commonName = supplied
END
: > "$tmp/index"

from=20200101000000Z
to=21200101000000Z
here="DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1"

# certificate NAME SUBJECT UNTIL SIGNER EXTENSION...
certificate() {
  name=$1 subject=$2 until=$3 signer=$4
  shift 4
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$name.key.pem"
  openssl req -new -key "$name.key.pem" -subj "/CN=$subject" -out "$tmp/$name.csr"
  printf '%s\n' subjectKeyIdentifier=hash "$@" > "$tmp/$name.ext"
  if [ "$signer" = itself ]; then
    set -- -selfsign -keyfile "$name.key.pem"
  else
    echo authorityKeyIdentifier=keyid >> "$tmp/$name.ext"
    set -- -cert "$signer.cert.pem" -keyfile "$signer.key.pem"
  fi
  openssl ca -batch -notext -config "$tmp/ca.cnf" "$@" -startdate $from -enddate "$until" \
    -extfile "$tmp/$name.ext" -in "$tmp/$name.csr" -out "$name.cert.pem"
}

leaf="basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature"
server="extendedKeyUsage=serverAuth"

certificate ca "anydial test CA" $to itself \
  basicConstraints=critical,CA:TRUE keyUsage=critical,keyCertSign,cRLSign
certificate server localhost $to ca "$leaf" $server "subjectAltName=$here"
certificate client "anydial test client" $to ca "$leaf" extendedKeyUsage=clientAuth
certificate expired localhost 20200201000000Z ca "$leaf" $server "subjectAltName=$here"
certificate wrong_name wrong.example $to ca "$leaf" $server \
  subjectAltName=DNS:wrong.example,IP:192.0.2.1
certificate self_signed localhost $to itself "$leaf" $server "subjectAltName=$here"
# The client's key once more, encrypted.
openssl pkcs8 -topk8 -in client.key.pem -v2 aes-256-cbc -passout pass:open-sesame \
  -out client_encrypted.key.pem
