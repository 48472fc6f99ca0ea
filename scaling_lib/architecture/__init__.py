"""Step 06: does any measured constraint justify a new architecture?"""
