# self_harm, ru
