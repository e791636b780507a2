# harassment, uk
