// Command checked-kvstore is CometBFT with its kvstore application in its process, but for one thing: the application
// verifies the Ed25519 signature that each record of `tally bench peers` carries. A peer to measure against, and no part
// of Tallystick: docs/spec/bench.md.
package main

import (
	"fmt"
	"os"

	cmd "github.com/cometbft/cometbft/cmd/cometbft/commands"
	cfg "github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/libs/cli"
	"github.com/cometbft/cometbft/libs/log"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	"github.com/cometbft/cometbft/proxy"
)

const name = "checked-kvstore"

func main() {
	root := cmd.RootCmd
	root.AddCommand(cmd.TestnetFilesCmd, cmd.ShowNodeIDCmd, cmd.VersionCmd, cmd.NewRunNodeCmd(newNode))
	if err := cli.PrepareBaseCmd(root, "CMT", os.ExpandEnv("$HOME/"+cfg.DefaultTendermintDir)).Execute(); err != nil {
		os.Exit(1)
	}
}

// As node.DefaultNewNode, but for the application. Its calls exclude each other by connection, as with an application in
// a process of its own, and not all of them, as with kvstore: a check need not wait for a block.
func newNode(config *cfg.Config, logger log.Logger) (*node.Node, error) {
	if config.ProxyApp != name {
		return nil, fmt.Errorf("proxy_app expected %q, got %q", name, config.ProxyApp)
	}
	key, err := p2p.LoadOrGenNodeKey(config.NodeKeyFile())
	if err != nil {
		return nil, fmt.Errorf("node key %s: %w", config.NodeKeyFile(), err)
	}
	return node.NewNode(config,
		privval.LoadOrGenFilePV(config.PrivValidatorKeyFile(), config.PrivValidatorStateFile()),
		key,
		proxy.NewConnSyncLocalClientCreator(newApplication()),
		node.DefaultGenesisDocProviderFunc(config),
		cfg.DefaultDBProvider,
		node.DefaultMetricsProvider(config.Instrumentation),
		logger,
	)
}
