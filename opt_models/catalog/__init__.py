"""What is published and can be had, as data: models, packs, dictionaries and their languages."""
