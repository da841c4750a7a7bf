package main

import (
	"bytes"
	"encoding/base64"

	"github.com/cometbft/cometbft/crypto/ed25519"
)

// Of a record, as bench/peers/record.ts makes it: `id=value`, and in the value in Base64url the author's key, the
// signature, and the body that is signed, which begins with the id.
const (
	recordBytes = 250
	idBytes     = 17
	valueAt     = idBytes + 1
	valueBytes  = 174
	bodyAt      = ed25519.PubKeySize + ed25519.SignatureSize
)

type record struct {
	author          ed25519.PubKey
	signature, body []byte
}

func parse(tx []byte) (record, bool) {
	if len(tx) != recordBytes || tx[idBytes] != '=' {
		return record{}, false
	}
	value := make([]byte, valueBytes)
	if n, err := base64.RawURLEncoding.Decode(value, tx[valueAt:]); err != nil || n != valueBytes {
		return record{}, false
	}
	one := record{value[:ed25519.PubKeySize], value[ed25519.PubKeySize:bodyAt], value[bodyAt:]}
	return one, bytes.HasPrefix(one.body, tx[:idBytes])
}

// areSigned verifies with CometBFT's own verifier, which is what was measured to be the fastest: see docs/spec/bench.md.
func areSigned(records []record) bool {
	if len(records) == 1 {
		return records[0].author.VerifySignature(records[0].body, records[0].signature)
	}
	if len(records) == 0 {
		return true
	}
	batch := ed25519.NewBatchVerifier()
	for _, one := range records {
		if err := batch.Add(one.author, one.body, one.signature); err != nil {
			return false
		}
	}
	areGood, _ := batch.Verify()
	return areGood
}
