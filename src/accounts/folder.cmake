cofre_embed_migrations(${target} accounts)
cofre_embed_migrations(${target} accounts/audit)
