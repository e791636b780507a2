# spam, ru
