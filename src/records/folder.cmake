cofre_embed_migrations(${target} records)
