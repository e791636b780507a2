# hate, ru
