# spam, uk
