module sqlite-jwt.example/jwt

go 1.21
