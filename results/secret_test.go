package results

import "testing"

func TestSecretNames(t *testing.T) {
	for name, want := range map[string]bool{
		"Authorization": true, "Cookie": true, "X-Api-Key": true, "X-Auth": true, "auth_token": true, "Signature": true,
		"token": true, "sessionid": true, "auth": true, "jwt": true, "Policy": true, "Key-Pair-Id": true, "WWW-Authenticate": true,
		"X-Amz-Credential": true, "Proxy-Authorization": true, "access_key": true,
		"Accept": false, "q": false, "author": false, "key": false, "Accept-Language": false,
		"Content-Security-Policy": false, "Referrer-Policy": false, "X-Amz-Cf-Id": false,
	} {
		if got := Secret(name); got != want {
			t.Errorf("Secret(%q) = %v, want %v", name, got, want)
		}
	}
}
