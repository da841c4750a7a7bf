package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"testing"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/crypto/ed25519"
)

var author = ed25519.GenPrivKey()

// A record of `signed`, handed in under `id`.
func makeRecord(id, signed string) []byte {
	body := make([]byte, valueBytes-bodyAt)
	copy(body, signed)
	signature, _ := author.Sign(body)
	value := append(append(author.PubKey().Bytes(), signature...), body...)
	return []byte(id + "=" + base64.RawURLEncoding.EncodeToString(value))
}

func number(i int) string { return fmt.Sprintf("%017x", i) }

// The first byte of the signature is another one.
func forged(tx []byte) []byte {
	other := append([]byte{}, tx...)
	at := valueAt + ed25519.PubKeySize/3*4 + 4
	if other[at] = 'A'; tx[at] == 'A' {
		other[at] = 'B'
	}
	return other
}

func TestEverySignatureIsVerifiedOnceAndNoForgedRecordPasses(t *testing.T) {
	ctx, app := context.Background(), newApplication()
	check := func(tx []byte) bool {
		answer, err := app.CheckTx(ctx, &abci.RequestCheckTx{Tx: tx})
		return err == nil && answer.IsOK()
	}
	propose := func(txs ...[]byte) bool {
		answer, err := app.ProcessProposal(ctx, &abci.RequestProcessProposal{Txs: txs})
		return err == nil && answer.IsAccepted()
	}
	finalise := func(txs ...[]byte) error {
		_, err := app.FinalizeBlock(ctx, &abci.RequestFinalizeBlock{Txs: txs})
		return err
	}
	expectVerified := func(expected int64) {
		t.Helper()
		if got := app.verified.Load(); got != expected {
			t.Fatalf("%d signatures are verified, expected %d", got, expected)
		}
	}
	a, b, c := makeRecord(number(1), number(1)), makeRecord(number(2), number(2)), makeRecord(number(3), number(3))
	for name, tx := range map[string][]byte{
		"forged": forged(a), "under another's id": makeRecord(number(1), number(2)), "short": a[1:], "no record": []byte("k=v"),
	} {
		if check(tx) || propose(tx) || propose(b, c, tx) || finalise(tx) == nil || finalise(b, c, tx) == nil {
			t.Fatalf("a record that is %s passes", name)
		}
	}
	expectVerified(0)
	if !check(a) || !propose(a, b) {
		t.Fatal("good records are refused")
	}
	expectVerified(2)
	if finalise(a, b, c) != nil {
		t.Fatal("good records are refused")
	}
	expectVerified(3)
	if len(app.checked) != 0 {
		t.Fatal("what is in a block is still remembered")
	}
}
