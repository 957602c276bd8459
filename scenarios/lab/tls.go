package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/netip"
	"time"
)

// certificateLife is how long the generated certificates hold: longer than
// any rehearsal, short enough that a kept copy is of no use.
const certificateLife = 48 * time.Hour

// An identity is a root certificate of the lab's own and a certificate that
// it signed.
type identity struct {
	rootPEM []byte
	leaf    tls.Certificate
}

// newIdentity makes both certificates, on ECDSA P-256, for the host name and
// every address. The root's key is forgotten on return.
func newIdentity(name string, addrs []netip.Addr, now time.Time) (*identity, error) {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	root := rootTemplate(now)
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, &rootKey.PublicKey, rootKey)
	if err != nil {
		return nil, err
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leafTemplate(name, addrs, now), root, &leafKey.PublicKey, rootKey)
	if err != nil {
		return nil, err
	}
	return &identity{
		rootPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER}),
		leaf:    tls.Certificate{Certificate: [][]byte{leafDER, rootDER}, PrivateKey: leafKey},
	}, nil
}

func rootTemplate(now time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "Frontload lab root"},
		NotBefore:             now.Add(-time.Hour), // a client's clock may be a little behind
		NotAfter:              now.Add(certificateLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
}

func leafTemplate(name string, addrs []netip.Addr, now time.Time) *x509.Certificate {
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(certificateLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{name},
	}
	for _, a := range addrs {
		leaf.IPAddresses = append(leaf.IPAddresses, net.IP(a.AsSlice()))
	}
	return leaf
}

// config returns the server's side of TLS: versions 1.2 and 1.3, and the one
// curve that costs the least, since the lab shares its processors with the
// load generator.
func (id *identity) config() *tls.Config {
	return &tls.Config{
		Certificates:     []tls.Certificate{id.leaf},
		MinVersion:       tls.VersionTLS12,
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256},
	}
}
