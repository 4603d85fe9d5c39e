"""Structure of picture files: what each costs to decode, and how it is decoded piece by piece."""
