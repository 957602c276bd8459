package lab

// custom is what sets the distribution and the load of a case apart from the
// usual ones. Its zero value is nothing.
type custom struct {
	style

	pops      int     // POPs in use; zero for four
	weights   []int   // by POP: its share of the clients; nil for even shares
	clients   int     // zero for forty
	heavy     float64 // share of the requests that the first client, or the first few, send beside their part
	heavies   int     // how many clients share that; zero for one
	capacity  float64 // requests/s of one edge address in good health; zero for the usual
	stages    string  // of the load, as YAML; empty for a steady rate
	uniform   bool    // arrivals come evenly, not at random
	edgeNoise float64 // share of requests that an edge refuses at any time, for no reason
	blocked   float64 // share of requests that a firewall blocks during the first fault
	throttled float64 // share of the origins' refusals that are 429
}

// busy returns the weight of POP i among the clients.
func (c custom) busy(i int) int {
	if i < len(c.weights) {
		return c.weights[i]
	}
	return 1
}
