# sexual, ru
