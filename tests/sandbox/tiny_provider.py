"""An OpenID provider of a few lines that can be told to do wrong, to see what the sample services make of it."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass, field
from threading import Thread
from typing import Any
from urllib.parse import urlencode

from flask import Flask, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

from identity_provider.sandbox.serving import QuietRequests

SUBJECT = "7d0e8c1e-5a0e-4a44-9d0a-9b6f0f2b1c11"
CLAIMS = {
    "sub": SUBJECT,
    "name": "Siobhán O'Shaughnessy",
    "email": "siobhan@example.com",
    "trn": "0100105",
    "trn_lookup_status": "Found",
    "trn_lookup_reason": "matched",
}


@dataclass
class TinyProvider:
    """Signs everybody in as one person. `lies` overrides what the ID token says."""

    port: int
    lies: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=lambda: dict(CLAIMS))
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}))
    signing_key: RSAKey | None = None
    answers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        server = make_server("127.0.0.1", self.port, self._app(), threaded=True, request_handler=QuietRequests)
        self._server = server
        Thread(target=server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _app(self) -> Flask:
        app = Flask(__name__)
        app.get("/.well-known/openid-configuration")(self._discovery)
        app.get("/jwks", endpoint="jwks")(lambda: jsonify(keys=[self.key.as_dict(private=False)]))
        app.get("/authorize")(self._authorize)
        app.post("/token")(self._token)
        app.get("/userinfo", endpoint="userinfo")(lambda: jsonify(self.userinfo))
        return app

    def _discovery(self) -> ResponseReturnValue:
        return jsonify(
            issuer=self.issuer,
            authorization_endpoint=f"{self.issuer}/authorize",
            token_endpoint=f"{self.issuer}/token",
            userinfo_endpoint=f"{self.issuer}/userinfo",
            end_session_endpoint=f"{self.issuer}/signout",
            jwks_uri=f"{self.issuer}/jwks",
            id_token_signing_alg_values_supported=["RS256"],
            authorization_response_iss_parameter_supported=True,
        )

    def _authorize(self) -> ResponseReturnValue:
        self.asked.append(request.args.to_dict())
        code = f"code-{len(self.codes)}"
        self.codes[code] = request.args.to_dict()
        answer = {"code": code, "state": request.args["state"], "iss": self.issuer} | self.answers
        return redirect(f"{request.args['redirect_uri']}?{urlencode(answer)}")

    def _token(self) -> ResponseReturnValue:
        asked = self.codes.pop(request.form["code"], None)
        digest = hashlib.sha256(request.form["code_verifier"].encode()).digest()
        if asked is None or asked["code_challenge"] != base64.urlsafe_b64encode(digest).rstrip(b"=").decode():
            return jsonify(error="invalid_grant"), 400
        given = request.authorization
        if given is None or given.password != f"{asked['client_id']}-secret":
            return jsonify(error="invalid_client"), 401
        now = int(time.time())
        claims = {**CLAIMS, "iss": self.issuer, "aud": asked["client_id"], "iat": now, "exp": now + 300}
        claims |= {"nonce": asked["nonce"]} | self.lies
        token = jwt.encode({"alg": "RS256", "kid": "first"}, claims, self.signing_key or self.key)
        return jsonify(access_token="opaque", token_type="Bearer", expires_in=900, id_token=token)
