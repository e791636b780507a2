# threat, ru
