# self_harm, uk
