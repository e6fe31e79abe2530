"""A provider as Authlib's documentation writes it: Flask, Flask-SQLAlchemy's ORM and Authlib's mixins, nothing tuned.

The key is imported once, tables have the indexes that the mixins declare, and commits are durable.
"""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, date, datetime

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector, current_token
from authlib.integrations.sqla_oauth2 import (
    OAuth2AuthorizationCodeMixin,
    OAuth2ClientMixin,
    OAuth2TokenMixin,
    create_bearer_token_validator,
    create_query_client_func,
    create_save_token_func,
)
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oidc.core import OpenIDCode, UserInfo
from flask import Flask, jsonify, redirect, session
from flask_sqlalchemy import SQLAlchemy
from joserfc.jwk import KeySet

db = SQLAlchemy()


class Person(db.Model):
    __tablename__ = "people"
    id = db.Column(db.Integer, primary_key=True)
    email = db.Column(db.String(320), unique=True)
    given_name = db.Column(db.String(200))
    family_name = db.Column(db.String(200))
    birthdate = db.Column(db.Date)
    updated_at = db.Column(db.DateTime(timezone=True))

    def get_user_id(self):
        return self.id


class Client(db.Model, OAuth2ClientMixin):
    __tablename__ = "oauth2_clients"
    id = db.Column(db.Integer, primary_key=True)


class AuthorizationCode(db.Model, OAuth2AuthorizationCodeMixin):
    __tablename__ = "oauth2_codes"
    id = db.Column(db.Integer, primary_key=True)
    user_id = db.Column(db.Integer, db.ForeignKey("people.id"))
    user = db.relationship("Person")


class Token(db.Model, OAuth2TokenMixin):
    __tablename__ = "oauth2_tokens"
    id = db.Column(db.Integer, primary_key=True)
    user_id = db.Column(db.Integer, db.ForeignKey("people.id"))
    user = db.relationship("Person")


class CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

    def save_authorization_code(self, code, request):
        sent = request.payload.data
        db.session.add(
            AuthorizationCode(
                code=code,
                client_id=request.client.client_id,
                redirect_uri=request.payload.redirect_uri,
                scope=request.payload.scope,
                user_id=request.user.id,
                nonce=sent.get("nonce"),
                code_challenge=sent.get("code_challenge"),
                code_challenge_method=sent.get("code_challenge_method"),
            )
        )
        db.session.commit()

    def query_authorization_code(self, code, client):
        found = AuthorizationCode.query.filter_by(code=code, client_id=client.client_id).first()
        return found if found and not found.is_expired() else None

    def delete_authorization_code(self, authorization_code):
        db.session.delete(authorization_code)
        db.session.commit()

    def authenticate_user(self, authorization_code):
        return db.session.get(Person, authorization_code.user_id)


class RefreshGrant(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token):
        found = Token.query.filter_by(refresh_token=refresh_token).first()
        return found if found and not found.is_revoked() else None

    def authenticate_user(self, refresh_token):
        return db.session.get(Person, refresh_token.user_id)

    def revoke_old_credential(self, refresh_token):
        refresh_token.refresh_token_revoked_at = int(time.time())
        db.session.commit()


def claims_of(user, scope):
    claims = UserInfo(
        sub=str(user.id),
        name=f"{user.given_name} {user.family_name}",
        given_name=user.given_name,
        family_name=user.family_name,
        birthdate=user.birthdate.isoformat(),
        updated_at=int(user.updated_at.timestamp()),
        email=user.email,
        email_verified=True,
    )
    return claims.filter(scope)


class IdToken(OpenIDCode):
    def __init__(self, issuer, keys):
        super().__init__()
        self.issuer = issuer
        self.keys = keys

    def exists_nonce(self, nonce, request):  # noqa: ARG002
        return False

    def resolve_client_private_key(self, client):  # noqa: ARG002
        return self.keys

    def get_client_claims(self, client):
        return {"iss": self.issuer, "aud": client.client_id, "exp": int(time.time()) + 300}

    def get_encode_header(self, client):  # noqa: ARG002
        return {"alg": "RS256", "kid": self.keys.keys[0].kid}

    def generate_user_info(self, user, scope):
        return claims_of(user, scope)


class Introspection(IntrospectionEndpoint):
    CLIENT_AUTH_METHODS = ("client_secret_basic",)

    def query_token(self, token_string, token_type_hint):  # noqa: ARG002
        found = Token.query.filter_by(access_token=token_string).first()
        return found or Token.query.filter_by(refresh_token=token_string).first()

    def check_permission(self, token, client, request):  # noqa: ARG002
        return token.client_id == client.client_id

    def introspect_token(self, token):
        return {
            "active": True,
            "client_id": token.client_id,
            "token_type": token.token_type,
            "sub": str(token.user_id),
            "scope": token.get_scope(),
            "exp": token.issued_at + token.expires_in,
            "iat": token.issued_at,
        }


def create_app():
    peer = json.loads(os.environ["PEER"])
    issuer = f"http://127.0.0.1:{os.environ['PORT']}"
    app = Flask("plain")
    app.config.update(
        SECRET_KEY="a key for this benchmark only",  # noqa: S106 -- nobody signs in to it
        SQLALCHEMY_DATABASE_URI=os.environ["DATABASE_URL"],
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 8, "max_overflow": 4},
        OAUTH2_TOKEN_EXPIRES_IN={"authorization_code": 900, "refresh_token": 900},
        OAUTH2_REFRESH_TOKEN_GENERATOR=True,
    )
    db.init_app(app)
    keys = KeySet.import_key_set({"keys": peer["keys"]})
    with app.app_context():
        db.create_all()
        seed(peer)
    server = AuthorizationServer(
        app, create_query_client_func(db.session, Client), create_save_token_func(db.session, Token)
    )
    server.register_grant(CodeGrant, [IdToken(issuer, keys), CodeChallenge(required=True)])
    server.register_grant(RefreshGrant, [IdToken(issuer, keys)])
    server.register_endpoint(Introspection)
    add_views(app, server, issuer, keys)
    return app


def seed(peer):
    if Person.query.first() is not None:
        return
    for number in range(peer["people"]):
        db.session.add(
            Person(
                id=number + 1,
                email=f"person{number}@example.com",
                given_name="Kate",
                family_name=f"Bush{number}",
                birthdate=date(1985, 3, 4),
                updated_at=datetime.now(UTC),
            )
        )
    for each in peer["clients"]:
        client = Client(client_id=each["id"], client_secret=each["secret"], client_id_issued_at=int(time.time()))
        grant_types = ["authorization_code", "refresh_token"] if each["refreshes"] else ["authorization_code"]
        client.set_client_metadata(
            {
                "client_name": each["id"],
                "redirect_uris": [each["redirect_uri"]],
                "grant_types": grant_types,
                "response_types": ["code"],
                "scope": "openid profile email offline_access",
                "token_endpoint_auth_method": "client_secret_basic",
            }
        )
        db.session.add(client)
    db.session.commit()


def add_views(app, server, issuer, keys):
    protector = ResourceProtector()
    protector.register_token_validator(create_bearer_token_validator(db.session, Token)())

    @app.get("/sign-in/<int:number>")
    def sign_in(number):
        session["person"] = number
        return redirect("/")

    @app.get("/authorize")
    def authorize():
        person = db.session.get(Person, session["person"]) if "person" in session else None
        grant = server.get_consent_grant(end_user=person)
        return server.create_authorization_response(grant_user=person, grant=grant)

    @app.post("/token")
    def token():
        return server.create_token_response()

    @app.post("/introspect")
    def introspect():
        return server.create_endpoint_response("introspection")

    @app.get("/userinfo")
    @protector("openid")
    def userinfo():
        return jsonify(claims_of(current_token.user, current_token.scope))

    @app.get("/jwks")
    def jwks():
        return jsonify(keys.as_dict(private=False))

    @app.get("/.well-known/openid-configuration")
    def configuration():
        return jsonify(
            issuer=issuer,
            authorization_endpoint=f"{issuer}/authorize",
            token_endpoint=f"{issuer}/token",
            userinfo_endpoint=f"{issuer}/userinfo",
            introspection_endpoint=f"{issuer}/introspect",
            jwks_uri=f"{issuer}/jwks",
            scopes_supported=["openid", "profile", "email", "offline_access"],
            response_types_supported=["code"],
            grant_types_supported=["authorization_code", "refresh_token"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256"],
            token_endpoint_auth_methods_supported=["client_secret_basic"],
            code_challenge_methods_supported=["S256"],
            claims_supported=["sub", "name", "given_name", "family_name", "birthdate", "updated_at", "email"],
        )
