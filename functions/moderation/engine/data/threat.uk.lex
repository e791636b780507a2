# threat, uk
