# sexual, uk
