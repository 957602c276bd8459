package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// servers are what the scripts run against.
type servers struct {
	vars []string
	ca   []byte
	key  []byte // that signs URLs
}

func startServers(t testing.TB) (*servers, error) {
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello\n") })
	plain := httptest.NewServer(hello)
	t.Cleanup(plain.Close)
	secure := httptest.NewUnstartedServer(hello)
	secure.EnableHTTP2 = true
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { silent.Close() })
	noName, err := answeringNoName(t)
	if err != nil {
		return nil, err
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	closed.Close()
	key, err := signingKey()
	if err != nil {
		return nil, err
	}
	return &servers{
		key: key,
		vars: []string{
			"HTTP=" + plain.URL,
			"HTTPS=" + secure.URL,
			"HTTPS_PORT=" + port(secure.Listener.Addr()),
			"SILENT_RESOLVER=" + silent.LocalAddr().String(),
			"NONAME_RESOLVER=" + noName,
			"CLOSED=http://" + closed.Addr().String(),
		},
		ca: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}),
	}, nil
}

func signingKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), err
}

func port(a net.Addr) string {
	_, p, err := net.SplitHostPort(a.String())
	if err != nil {
		panic(err)
	}
	return p
}

// answeringNoName serves DNS in which no name exists: each query comes back as
// its own answer with the code NXDOMAIN.
func answeringNoName(t testing.TB) (string, error) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil || n < 12 {
				return
			}
			buf[2] |= 0x80
			buf[3] = buf[3]&0xf0 | 3
			if _, err := c.WriteTo(buf[:n], from); err != nil {
				fmt.Println("no-name resolver:", err)
				return
			}
		}
	}()
	return c.LocalAddr().String(), nil
}
