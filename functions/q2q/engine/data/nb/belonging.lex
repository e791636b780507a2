# belonging
