# hate, uk
