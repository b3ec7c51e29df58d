# libldap is included by connection.cpp and names.cpp alone.
find_library(COFRE_LDAP ldap REQUIRED)
find_library(COFRE_LBER lber REQUIRED)
target_link_libraries(${target} PRIVATE ${COFRE_LDAP} ${COFRE_LBER})
