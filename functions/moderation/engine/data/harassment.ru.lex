# harassment, ru
