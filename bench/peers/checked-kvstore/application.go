package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cometbft/cometbft/abci/example/kvstore"
	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/types"
)

type application struct {
	*kvstore.Application
	// Signatures that were verified and good.
	verified atomic.Int64
	mutex    sync.Mutex
	// Transactions that were verified and are in no block yet.
	checked map[types.TxKey]struct{}
}

func newApplication() *application {
	return &application{Application: kvstore.NewInMemoryApplication(), checked: map[types.TxKey]struct{}{}}
}

// Info tells how many signatures this node has verified.
func (app *application) Info(ctx context.Context, req *abci.RequestInfo) (*abci.ResponseInfo, error) {
	info, err := app.Application.Info(ctx, req)
	if err == nil {
		info.Data = fmt.Sprintf(`{"verified":%d}`, app.verified.Load())
	}
	return info, err
}

func (app *application) CheckTx(ctx context.Context, req *abci.RequestCheckTx) (*abci.ResponseCheckTx, error) {
	if !app.verify([][]byte{req.Tx}) {
		return &abci.ResponseCheckTx{Code: kvstore.CodeTypeUnauthorized, Log: "not signed by its author"}, nil
	}
	return app.Application.CheckTx(ctx, req)
}

func (app *application) ProcessProposal(ctx context.Context, req *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	if !app.verify(req.Txs) {
		return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_REJECT}, nil
	}
	return app.Application.ProcessProposal(ctx, req)
}

// FinalizeBlock verifies only where the node was not asked about the proposal, as when it catches up.
func (app *application) FinalizeBlock(ctx context.Context, req *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	if !app.verify(req.Txs) {
		return nil, errors.New("a record in a decided block is not signed by its author")
	}
	app.mutex.Lock()
	for _, tx := range req.Txs {
		delete(app.checked, types.Tx(tx).Key())
	}
	app.mutex.Unlock()
	return app.Application.FinalizeBlock(ctx, req)
}

// verify says whether all are signed by their authors. What this node has verified before it does not verify again.
func (app *application) verify(txs [][]byte) bool {
	var keys []types.TxKey
	var records []record
	for _, tx := range txs {
		key := types.Tx(tx).Key()
		if app.isChecked(key) {
			continue
		}
		one, isRecord := parse(tx)
		if !isRecord {
			return false
		}
		keys, records = append(keys, key), append(records, one)
	}
	if !areSigned(records) {
		return false
	}
	app.verified.Add(int64(len(records)))
	app.mutex.Lock()
	defer app.mutex.Unlock()
	for _, key := range keys {
		app.checked[key] = struct{}{}
	}
	return true
}

func (app *application) isChecked(key types.TxKey) bool {
	app.mutex.Lock()
	defer app.mutex.Unlock()
	_, isChecked := app.checked[key]
	return isChecked
}
