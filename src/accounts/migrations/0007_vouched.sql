-- Users for whom a system of the company vouches.
CREATE TABLE vouched_users (
  owner   INTEGER PRIMARY KEY REFERENCES owners (id),
  source  TEXT    NOT NULL,  -- ldap: its directory; oidc: its provider
  subject TEXT    NOT NULL,  -- who that is there, whatever the name; empty: the name says it
  roles   TEXT    NOT NULL   -- those of the owner's roles that its groups gave, and take away again
) STRICT;
CREATE INDEX vouched_users_by_subject ON vouched_users (source, subject);
INSERT INTO vouched_users (owner, source, subject, roles) SELECT owner, 'ldap', '', roles FROM ldap_users;
DROP TABLE ldap_users;
