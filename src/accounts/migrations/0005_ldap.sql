-- Users whom the company's directory vouches for.
CREATE TABLE ldap_users (
  owner INTEGER PRIMARY KEY REFERENCES owners (id),
  roles TEXT    NOT NULL  -- those of the owner's roles that its groups gave, and take away again
) STRICT;
