cofre_embed_migrations(${target} accounts)
