// Package torture does to the real programs what machines do: it kills,
// freezes, starves and cuts them off, and then looks whether anything is lost,
// done twice or left behind. `make test` has a short form of it; CUEPOINT_TORTURE=full,
// which `make torture` sets, the whole. How the programs work is tested elsewhere.
package torture
